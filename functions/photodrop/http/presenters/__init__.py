"""What the API answers, made of what the domain returned: one module for each resource."""
