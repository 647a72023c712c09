"""Stage 6: watches what is served: drift, quality and money in windows of event time; incidents."""
