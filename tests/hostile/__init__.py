"""Files made to do harm, processed by the real functions within their limits: `make hostile`."""
