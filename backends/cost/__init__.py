"""Predicts what a program for the cores costs, without compiling or running its kernel."""
