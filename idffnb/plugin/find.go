package plugin

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// PathsVariable is the environment variable that names the folders of plugins, separated by colons.
const PathsVariable = "PJRT_PLUGIN_LIBRARY_PATH"

// Folders are where plugins are looked for, best first: what PathsVariable says; without it .nb/plugins of the module at root (skipped where root is ""),
// then where go-xla's own installer puts them, in the home and in /usr/local.
func Folders(root string) []string {
	if paths, set := os.LookupEnv(PathsVariable); set {
		return slices.DeleteFunc(strings.Split(paths, ":"), func(s string) bool { return s == "" })
	}
	var list []string
	if root != "" {
		list = append(list, filepath.Join(root, ".nb", "plugins"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		dir := filepath.Join(home, ".local", "lib", "go-xla")
		list = append(list, dir, filepath.Join(dir, "nvidia"))
	}
	return append(list, "/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia")
}

// Find returns the absolute path of the plugin "cpu" or "cuda" in the first of the folders that has one, or "". A name with a version counts too: cpu_v0.98.0, cuda13.
func Find(name string, folders []string) string {
	for _, folder := range folders {
		for _, pattern := range []string{"", "_v*", "1*"} {
			for _, end := range []string{".so", ".dylib"} {
				found, _ := filepath.Glob(filepath.Join(folder, "pjrt_c_api_"+name+pattern+"_plugin"+end)) // fails only for bad patterns
				if len(found) == 0 {
					continue
				}
				if path, err := filepath.Abs(found[len(found)-1]); err == nil {
					return path
				}
			}
		}
	}
	return ""
}
