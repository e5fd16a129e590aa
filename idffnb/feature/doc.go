// Package feature compares images as the field does, in the features of a network: Fréchet and kernel distance, precision and recall. FID proper takes Inception-v3, whose weights may be
// absent, and which has seen no clothes; a small classifier trained here on the same data set serves as well for comparing samplers with each other, as long as its scores are named after it.
//
//	train, test := datasets.MustFashionMNIST(datasets.Train), datasets.MustFashionMNIST(datasets.Test)
//	own := feature.MustOpen(feature.Classifier{Images: train, Label: "Fashion-MNIST"})                     // trained once, kept in a run folder
//	scorer := feature.Scorer{Net: own, Real: test.MustPart(0, 5000), Fresh: test.MustPart(5000, 10_000)}
//	judge := idffnb.Judge{N: 1000, Seeds: idffnb.Seeds(5, 9), Scorer: scorer}
//	report := run.MustEvaluate(flow.CFM(), solver.Midpoint(5), judge)                                      // "FID, own Fashion-MNIST features", KID, precision, recall
//	floor := run.MustFloor(judge)                                                                          // what other real images score
//
// FID's Inception-v3 is read from a file of yours; nothing downloads it. Its weights, 95 MB, are at https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth, to be read as they are or
// saved as safetensors under the same names:
//
//	fid := feature.MustOpenInception("pt_inception-2015-12-05-6726825d.pth", [3]int{32, 32, 3})           // "FID", "KID", ...; other Inceptions' scores are named after their file
//
// For a number to stand beside published ones, write the samples by datasets.WriteImages and score them by the program that the others used: docs/scores.md has the commands of pytorch-fid, clean-fid, torch-fidelity and guided-diffusion's evaluator.
//
// Images are float32 in [-1, 1], row-major [n, height*width*colours] with channels last, as datasets.Images gives them. What describes the real images is computed once and kept.
package feature
