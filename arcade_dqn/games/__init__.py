"""The games: a light catalogue of them, and one plain face over Gymnasium, ALE and MinAtar."""
