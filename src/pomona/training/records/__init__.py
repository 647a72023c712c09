"""Values of training: tracked runs (`runs`) and training entries (`entries`)."""
