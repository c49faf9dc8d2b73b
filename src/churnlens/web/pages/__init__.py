"""The pages: what people see of the API, written on the server, with one small script."""
