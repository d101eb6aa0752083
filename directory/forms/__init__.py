"""What is asked of people, and of administrators about people."""
