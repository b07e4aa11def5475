"""Pictures as SVG: pure functions, values in, markup out. Colours come from the style sheet, by class.

`svg` elements, escaped · `scale` values to places · `line` a figure over time · `spark` the same, small ·
`bars` credits by day · `place` the map.
"""
