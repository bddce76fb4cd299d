"""The sandbox's endpoints, one module per resource."""
