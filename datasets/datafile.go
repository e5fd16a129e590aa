package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// dataFile is a file of a published data set, looked for on this machine and
// downloaded where it is not there.
type dataFile struct {
	set    string   // its folder in $IDFF_DATA and in the cache
	name   string   // of the file
	others []string // folders of the system where it may be
	url    string
	size   int64
	sha256 string
}

// DataVariable names the folder of data sets in the environment: a file is looked
// for there, and in the set's folder there, before anywhere else.
const DataVariable = "IDFF_DATA"

// folders are those where the file may be: $IDFF_DATA's, the system's, the cache.
// The file is downloaded into home.
func (f dataFile) folders() (list []string, home string, err error) {
	home, err = dataHome(f.set)
	if dir := os.Getenv(DataVariable); dir != "" {
		list = []string{dir, home}
	}
	list = append(list, f.others...)
	if dir, err := os.UserCacheDir(); err == nil {
		list = append(list, filepath.Join(dir, "idff", f.set))
	}
	return list, home, err
}

// dataHome is where what is downloaded or made of a set is kept: its folder in
// $IDFF_DATA, or in the user's cache.
func dataHome(set string) (string, error) {
	if dir := os.Getenv(DataVariable); dir != "" {
		return filepath.Join(dir, set), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("datasets: no folder for data: %w; set %s to one", err, DataVariable)
	}
	return filepath.Join(dir, "idff", set), nil
}

// look gives the path of the file where it is on this machine, or "".
func (f dataFile) look() string {
	list, _, _ := f.folders() // without a home there are the others
	for _, dir := range list {
		path := filepath.Join(dir, f.name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// find gives the path of the file, after downloading it if need be.
func (f dataFile) find() (string, error) {
	if path := f.look(); path != "" {
		return path, nil
	}
	list, home, err := f.folders()
	if err != nil {
		return "", err
	}
	path := filepath.Join(home, f.name)
	if err := f.download(path); err != nil {
		return "", fmt.Errorf("datasets: %s: %s is not in %s, and not downloaded: %w; put the file of %s (%d bytes, SHA-256 %s) into %s",
			f.set, f.name, strings.Join(list, " or "), err, f.url, f.size, f.sha256, home)
	}
	return path, nil
}

// download fetches the file, checks it and puts it at path: whole, or not at all.
func (f dataFile) download(path string) error {
	client := http.Client{Timeout: time.Hour, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 30 * time.Second}}
	response, err := client.Get(f.url)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", f.url, response.Status)
	}
	return writeWhole(path, func(file *os.File) error {
		sum := sha256.New()
		n, err := io.Copy(io.MultiWriter(file, sum), io.LimitReader(response.Body, f.size+1))
		if err != nil {
			return err
		}
		if got := hex.EncodeToString(sum.Sum(nil)); n != f.size || got != f.sha256 {
			return fmt.Errorf("%s gave %d bytes with SHA-256 %s…, want %d with %s…", f.url, n, got[:12], f.size, f.sha256[:12])
		}
		return nil
	})
}
