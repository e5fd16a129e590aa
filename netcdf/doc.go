// Package netcdf reads grids of numbers from NetCDF files: the classic format
// (CDF-1, CDF-2 and CDF-5) and NetCDF-4, which is HDF5. It reads what files of
// gridded data have: variables of integers and floats of any rank, contiguous or
// in chunks of any shape, compressed with deflate and shuffle, their dimensions
// and attributes. It follows the specifications,
// https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html
// and the HDF5 File Format Specification Version 3.0.
//
//	f, err := netcdf.Open("sst.day.mean.2020.nc")
//	defer f.Close()
//	sst, err := f.Var("sst")                                       // the error lists the variables
//	fmt.Println(sst.Dims, sst.Shape, sst.Text("units"))            // [time lat lon] [366 720 1440] degC
//	scale, ok := sst.Number("scale_factor")
//	box, err := sst.Read([]int{0, 336, 868}, []int{1, 60, 60})     // as stored: scale and fill are the caller's
//
// Only the asked part of a variable is read, and of a compressed one the chunks
// that hold it; the last chunk is kept. What a file claims is believed only as
// far as its size allows: a hostile or damaged one costs no more memory than a
// sound one, and an error of one line. Fletcher checksums are not verified.
//
// Not read, with an error that says so: HDF5 files written with
// libver="latest" (layout version 4), subgroups, compound and user-defined
// types, filters other than deflate, shuffle and fletcher32.
package netcdf
