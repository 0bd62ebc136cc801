"""Makes the answers of the API from what the domain returns, in a module for each resource."""
