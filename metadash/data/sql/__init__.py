"""What people ask of a data set's tables in SQL: who has a turn, the process that answers, what it may reach, and its words."""
