"""What a mart's SQL may be, what it reads, where its columns come from, and when it is built again."""
