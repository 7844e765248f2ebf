"""Assay's lab: a signed mini-Internet with real authorities in network namespaces."""
