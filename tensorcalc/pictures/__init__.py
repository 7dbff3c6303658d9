"""Pictures: tensor networks of expressions, trees of plans; as SVG, DOT and TikZ."""
