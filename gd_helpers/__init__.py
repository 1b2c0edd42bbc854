"""The helper package of a gradient-descent course whose every statement is executed and checked."""
