package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// maxClasses is what a label, a byte, can tell apart.
const maxClasses = 256

// ReadClassFolders is ReadImageFolder for a folder that has a folder of pictures for each class, as torchvision's ImageFolder takes it: the
// label of a picture is the number of its folder, counted from 0 in the order of the names' bytes, and these are the ClassNames. Folders in a class's folder belong to it.
// Pictures come class by class: HoldOut, not Part, keeps some of each to judge by. Beside what ReadImageFolder refuses, a picture
// outside the classes' folders is an error, and more than 256 classes, or less than two. A folder without pictures is no class.
func ReadClassFolders(name, dir string, crop Crop) (*Images, error) {
	m, within, err := readFolder(name, dir, crop, expected{})
	if err != nil {
		return nil, err
	}
	if m.names, m.labels, err = classesOf(within); err != nil {
		_ = m.Close() // only read
		return nil, fmt.Errorf("datasets: %s: %s: %w", name, dir, err)
	}
	sum := sha256.Sum256(m.labels) // pictures may change their class and keep their order
	m.id += "-by-" + hex.EncodeToString(sum[:4])
	return m, nil
}

// classesOf are the first folders of sorted paths, and the number of each path's.
func classesOf(paths []string) (names []string, labels []byte, err error) {
	for _, path := range paths {
		class, _, inside := strings.Cut(filepath.ToSlash(path), "/")
		if !inside {
			return nil, nil, fmt.Errorf("%s is in no class's folder: put it into one, or read all by ReadImageFolder, without labels", path)
		}
		if k := len(names); k == 0 || names[k-1] != class {
			names = append(names, class)
		}
		if len(names) > maxClasses {
			return nil, nil, fmt.Errorf("there are more than %d classes", maxClasses)
		}
		labels = append(labels, byte(len(names)-1))
	}
	if len(names) < 2 {
		return nil, nil, fmt.Errorf("all pictures are in the folder %s: want one for each of two classes or more", names[0])
	}
	return names, labels, nil
}

// MustReadClassFolders is ReadClassFolders for notebooks: an error prints one line and ends the program.
func MustReadClassFolders(name, dir string, crop Crop) *Images {
	return must(ReadClassFolders(name, dir, crop))
}
