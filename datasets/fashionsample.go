package datasets

import (
	"embed"
	"path"
)

//go:embed fashion/*.gz
var fashionSample embed.FS

// FashionSample is the first images of Fashion-MNIST, in the program: 1,500 to train on and 500 to test, with their labels. It is for trying things out where
// FashionMNIST is absent: too few to learn the data set from. fashion/README.md has its source and licence (MIT). It is an error if the split is unknown.
func FashionSample(split Split) (*Images, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	var data [2][]byte
	for k, f := range fashionFiles[split] {
		file, err := fashionSample.ReadFile(path.Join("fashion", f.name))
		if err != nil {
			return nil, err
		}
		a, err := parseIDX(file, []int{3, 1}[k], 4<<20)
		if err != nil {
			return nil, err
		}
		data[k] = a.values
	}
	return NewImages("fashion-mnist sample "+string(split), data[0], [3]int{28, 28, 1}, data[1], fashionClasses)
}

// MustFashionSample is FashionSample for notebooks: an error prints one line and
// ends the program.
func MustFashionSample(split Split) *Images { return must(FashionSample(split)) }
