"""The games: a light catalogue of them, and one plain face over whatever library runs them."""
