"""Measurements that apply to any model."""
