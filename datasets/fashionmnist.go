package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Split is a part of a published data set.
type Split string

// The parts of FashionMNIST and CIFAR10.
const (
	Train Split = "train"
	Test  Split = "test"
)

func (s Split) check() error {
	if s != Train && s != Test {
		return fmt.Errorf("datasets: unknown split %q; valid ones: train, test", s)
	}
	return nil
}

var fashionClasses = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}

// fashionFile is a file of Fashion-MNIST; content is the SHA-256 of what it unpacks
// to, since Debian has packed the same files again.
type fashionFile struct {
	dataFile
	content string
}

var fashionFiles = map[Split][2]fashionFile{ // images, labels
	Train: {
		fashion("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
		fashion("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
	},
	Test: {
		fashion("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
		fashion("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
	},
}

func fashion(name string, size int64, sum, content string) fashionFile {
	return fashionFile{dataFile{
		set: "fashion-mnist", name: name, size: size, sha256: sum,
		others: []string{"/usr/share/datasets/fashion-mnist"}, // of the Debian package dataset-fashion-mnist
		url:    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/" + name,
	}, content}
}

// FashionMNIST is Zalando's pictures of clothes (Xiao et al., arXiv 1708.07747; MIT
// licence): 60,000 to train on and 10,000 to test, 28 x 28 pixels in grey, with ten
// classes. Its two files are looked for in $IDFF_DATA, its folder fashion-mnist, the
// user's cache and the folder of Debian's package dataset-fashion-mnist, and
// downloaded (26 MB) where they are in none of these. Whatever was found is
// checked by its SHA-256; what is missing, and cannot be downloaded, is said in one
// line with where to put it.
func FashionMNIST(split Split) (*Images, error) {
	if err := split.check(); err != nil {
		return nil, err
	}
	var data [2][]byte
	for k, f := range fashionFiles[split] {
		path, err := f.find()
		if err != nil {
			return nil, err
		}
		file, err := readRegular(path)
		if err != nil {
			return nil, err
		}
		a, err := parseIDX(file, []int{3, 1}[k], 64<<20)
		if err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
		if sum := sha256.Sum256(a.file); hex.EncodeToString(sum[:]) != f.content {
			return nil, fmt.Errorf("datasets: %s is not Fashion-MNIST's file: its content has SHA-256 %x…, want %s…; remove it, and it is downloaded again", path, sum[:6], f.content[:12])
		}
		data[k] = a.values
	}
	m, err := newImages("fashion-mnist "+string(split), data[0], [3]int{28, 28, 1}, data[1], fashionClasses)
	if err != nil {
		return nil, err
	}
	m.id = m.name + "-" + fashionFiles[split][0].content[:16] // checked above
	return m, nil
}

// MustFashionMNIST is FashionMNIST for notebooks: an error prints one line and ends
// the program.
func MustFashionMNIST(split Split) *Images { return must(FashionMNIST(split)) }

// ReadIDX reads images and labels in the IDX format, of MNIST and its relatives,
// compressed by gzip or not. The labels' path may be empty; classes names the
// classes. It fails on files that are cut short or of another format, on numbers of
// images and labels that differ, and on labels without a class.
func ReadIDX(name, images, labels string, classes []string) (*Images, error) {
	read := func(path string, rank int) (idxArray, error) {
		file, err := readRegular(path)
		if err != nil {
			return idxArray{}, err
		}
		a, err := parseIDX(file, rank, 4<<30)
		if err != nil {
			return idxArray{}, fmt.Errorf("datasets: %s: %w", path, err)
		}
		return a, nil
	}
	x, err := read(images, 3)
	if err != nil {
		return nil, err
	}
	var y idxArray
	if labels != "" {
		if y, err = read(labels, 1); err != nil {
			return nil, err
		}
	}
	return NewImages(name, x.values, [3]int{x.shape[1], x.shape[2], 1}, y.values, classes)
}
