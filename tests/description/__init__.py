"""What the API's description allows and what it does not, sent to a running stack: `make fuzz`."""
