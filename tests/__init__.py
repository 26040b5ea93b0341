"""LineageQL's tests: folders and files mirror gql/lineageql."""
