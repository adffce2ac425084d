"""Results -> scenes and Plotly figures. Pure: same result, same picture."""
