"""What a shop's customers see: booking, their visit, calendar files. Plain HTML, complete without scripts."""
