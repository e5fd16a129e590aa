//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package idffnb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
)

// prepareXLA runs once, before the first plugin is looked for or loaded.
var prepareXLA = sync.OnceFunc(func() {
	xla.EnableAutoInstall(false) // left to itself GoMLX would download plugins
})

// xlaPlugin finds the plugin "cpu" or "cuda": by name where go-xla looks for plugins, and by path in .nb/plugins of the
// module that the program runs in, unless PJRT_PLUGIN_LIBRARY_PATH is set. It returns "" if there is none.
func xlaPlugin(name string) string {
	prepareXLA()
	for _, plugin := range xla.GetAvailablePlugins() {
		if plugin == name || strings.HasPrefix(plugin, name+"_v") || strings.HasPrefix(plugin, name+"1") {
			return plugin
		}
	}
	if root := moduleRoot(); root != "" && os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") == "" {
		path := filepath.Join(root, ".nb", "plugins", "pjrt_c_api_"+name+"_plugin.so")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

func xlaBackend(name, plugin, why string) (compute.Backend, BackendInfo, error) {
	prepareXLA()
	var backend compute.Backend
	var err error
	if name == "cpu" {
		backend, err = newCPU(plugin+",shared_buffers=true", 1) // go-xla turns shared buffers on by itself only for plugins found by name
	} else {
		backend, err = xla.New(plugin)
	}
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: PJRT plugin %s does not start (%v): install the one that fits, or set GOMLX_BACKEND=go", plugin, firstLine(err))
	}
	return backend, BackendInfo{Name: name, Device: backend.Description(), Why: why}, nil
}
