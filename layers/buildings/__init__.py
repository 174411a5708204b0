"""Buildings, from district level down."""
