"""The questions: one module a chapter, called as the chapter without its number, with its tuple ``QUESTIONS``."""
