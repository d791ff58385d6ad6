"""Makes the dashboards and alert rules: one description of what is shown, from which InfluxQL and Flux are made alike."""
