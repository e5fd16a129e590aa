// Package unpickle reads Python's pickles as data. It imports nothing and calls
// nothing.
//
// A pickle is a program for a small stack machine (github.com/python/cpython,
// Lib/pickletools.py, describes each instruction). The reader here is such a
// machine without the instructions' power: a name stays a name; a "call" of one
// of the few functions in Reader.Calls or of Python's own containers becomes the
// data it stands for; any other call is refused by its name. Objects of unknown
// classes are kept as the class's name and what the object holds.
//
//	r := unpickle.Reader{Budget: unpickle.NewBudget(len(file)), Calls: unpickle.NumPy(), Advice: "Save one array."}
//	value, length, err := r.Read(file)
//	if a, ok := value.(*unpickle.Array); ok {
//		x, err := a.Float32s() // row by row, shape a.Shape
//	}
//
// Values are nil, bool, int64, Long, float64, string, []byte, *Tuple, *List,
// *Dict, *Object, *Global, and what Calls and Persistent give. A file may take
// only as much memory as its Budget allows, whatever sizes it claims.
//
// Package checkpoint reads PyTorch's weights with it, package datasets arrays of
// NumPy.
package unpickle
