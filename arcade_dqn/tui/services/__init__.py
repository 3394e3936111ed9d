"""What the screens have of the rest of the program: small objects that the app makes and hands to them."""
