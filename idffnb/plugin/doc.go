// Package plugin finds, checks and loads the PJRT plugins that bring XLA: shared libraries named pjrt_c_api_NAME_plugin.so, with NAME cpu or cuda.
//
//	path := plugin.Find("cuda", plugin.Folders(root))   // "" if there is none
//	if err := plugin.FitsDriver(path); err != nil {     // CUDA alone: the driver is too old for it
//	p, err := plugin.Load("cuda", path, "")             // once per process and name; programs are not kept
//	backend, err := xla.New(p.ID())                     // go-xla takes it from there
//	fmt.Println(p.Version())                            // "PJRT 0.115"
//
// Load can also keep the programs that a plugin compiles, in the folder that ProgramsFolder gives: see programs.go, and compile.go for how the plugin is made to.
//
// StandIn has the CPU's plugin stand in for CUDA's where there is no GPU, so that its programs can be built, and compiled for one: see standin.go.
//
// go-xla can load plugins by itself. It is not left to it, because it loads every library that lies in its folders and ends with a nil pointer at one
// that cannot be loaded, calls a plugin of another binary interface without asking its version first, and takes a plugin for CUDA's when any
// folder of its path has "cuda" in its name.
package plugin
