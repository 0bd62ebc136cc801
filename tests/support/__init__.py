"""What tests of all kinds use: the template read as data, event files, requests, pictures."""
