"""Task churn: why customers leave or stay, as a cited answer."""
