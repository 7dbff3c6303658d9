"""Derivatives at a point as linear maps that keep their structure: products, systems, determinants."""
