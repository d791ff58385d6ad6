"""Generates the dashboards and alert rules in InfluxQL and Flux from one description."""
