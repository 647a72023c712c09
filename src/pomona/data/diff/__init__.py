"""How one data version became another: rows added, removed and changed, exactly."""
