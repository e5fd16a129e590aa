// Package explorer lets one feel what IDFF's factors do: sliders for gamma_1, gamma_2 and the number of steps redraw, from one running
// cell of a notebook, the samples, their density and the true cost beside those of CFM with as many steps.
//
//	run := idffnb.MustOpen(board())
//	run.MustTrain()
//	explorer.MustGamma(run, explorer.Options{Bandwidth: 0.6, Truth: datasets.Checkerboard().Points(99, 4000)})
//
// The cell runs until its button Done, or the notebook's interrupt button, is pressed; either way it ends well, and its last picture
// stays in the notebook. Where no browser is there to move sliders, as with `make run`, nbconvert or a plain program, it draws a grid
// over the factors instead, and ends. Other programs get that grid as a figure:
//
//	fig, err := explorer.Grid(run, explorer.Options{Steps: 2})
//	err = fig.Save("gamma.png")
//
// # How it tells whether there is a browser
//
// First by what starts the kernel: the headless runner of the notebooks sets NB_HEADLESS, and a Jupyter server, which alone serves
// pages, sets JPY_SESSION_NAME in its kernels (nbconvert and nbclient start kernels without a server). If both allow for a browser,
// a page must answer a message through GoNB's comms within seconds; one that cannot be reached (closed, or behind a base URL or
// HTTPS, which GoNB's comms do not know) gets the grid. The environment comes first because asking is not free: GoNB leaves its script
// in the output of a notebook whose page does not answer.
package explorer
