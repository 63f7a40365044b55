"""What people hold in the columns of a table, as types that a data set stores."""
