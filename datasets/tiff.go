package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// The tags of a TIFF file that the decoder passes over or believes.
const (
	tiffOrientation = 0x112
	tiffSamples     = 0x115 // of a pixel
	tiffRowsInStrip = 0x116
	tiffPlanes      = 0x11c
	tiffTileWidth   = 0x142
	tiffTileHeight  = 0x143
)

func isTIFF(file []byte) bool {
	return bytes.HasPrefix(file, []byte("II*\x00")) || bytes.HasPrefix(file, []byte("MM\x00*"))
}

// checkTIFF refuses what package tiff would read as another picture, or give more memory than the picture takes: pictures that are to be turned, which PIL turns, planes of colour, and large tiles. Strips may say that they have as many rows as there is a number for:
// the file it gives says how many there are.
func checkTIFF(file []byte, height int) ([]byte, error) {
	order := binary.ByteOrder(binary.LittleEndian)
	if file[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(file[4:])) + 2
	if at > int64(len(file)) {
		return file, nil // the decoder says what is wrong
	}
	samples, tile, changed := uint32(1), uint64(1), false
	for n := order.Uint16(file[at-2:]); n > 0 && at+12 <= int64(len(file)); n, at = n-1, at+12 {
		entry := file[at : at+12]
		tag, kind, value := order.Uint16(entry), order.Uint16(entry[2:]), entry[8:]
		if !slices.Contains([]uint16{tiffOrientation, tiffSamples, tiffRowsInStrip, tiffPlanes, tiffTileWidth, tiffTileHeight}, tag) {
			continue
		}
		var v uint32
		switch {
		case order.Uint32(entry[4:]) != 1:
			return nil, fmt.Errorf("it is damaged: tag %d has several values", tag)
		case kind == 1:
			v = uint32(value[0])
		case kind == 3:
			v = uint32(order.Uint16(value))
		default:
			v = order.Uint32(value)
		}
		switch {
		case tag == tiffSamples:
			samples = v
		case tag == tiffOrientation && v > 1 && v <= 8:
			return nil, fmt.Errorf("it is to be turned (orientation %d): save it upright", v)
		case tag == tiffPlanes && v == 2 && samples > 1:
			return nil, fmt.Errorf("its colours are stored one after the other (planar configuration 2): save them together")
		case tag == tiffRowsInStrip && int64(v) > int64(height):
			if !changed {
				file, changed = slices.Clone(file), true
			}
			if value = file[at+8:]; kind == 3 {
				order.PutUint16(value, uint16(height))
			} else {
				order.PutUint32(value, uint32(height))
			}
		case tag == tiffTileWidth || tag == tiffTileHeight:
			if tile *= uint64(max(v, 1)); tile > imagePixels {
				return nil, fmt.Errorf("it says that its tiles have %d pixels; at most %d are read", tile, imagePixels)
			}
		}
	}
	return file, nil
}
