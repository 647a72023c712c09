"""The MLflow REST protocol over Pomona's own store: plain ASGI, so that logging stays fast."""
