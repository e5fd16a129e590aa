package idffnb

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// rollOutKey names a roll-out by everything it depends on beside the run itself; it is empty where it must not be read again, see samplerKey. The number in front changes when the meaning of a result does.
func (r *Run) rollOutKey(ask RollOut, field flow.Field, s solver.Solver) string {
	sampler := samplerKey(field, s)
	if sampler == "" || ask.Unkept {
		return ""
	}
	key := fmt.Sprintf("1; step %d; %s; %s; %d frames from %d, %d members, seed %d, starts %s", r.step, r.info.Name, sampler, ask.Frames, ask.First, ask.Members, ask.Seed, hashValues(ask.Starts))
	if ask.Lossy { // what came later is there where it is set
		key += ", lossy"
	}
	return key + r.whichWeights()
}

// trajectoriesPath is the file of the roll-out with that key.
func (r *Run) trajectoriesPath(key string, t *Trajectories) string {
	name := fmt.Sprintf("rollout-%s-%s-%dx%d-from%d-members%d-seed%d", t.Field, t.Solver, t.Starts, t.Frames, t.First, t.Members, t.Seed)
	name = strings.Trim(unfit.ReplaceAllString(strings.NewReplacer("γ", "gamma", "σ", "sigma").Replace(name), "_"), "_")
	if key != "" {
		name += "-" + hash([]byte(key))
	} else if r.raw {
		name += "-raw"
	}
	return filepath.Join(r.Dir, "samples", name+".safetensors")
}

// keepTrajectories writes them to the run folder.
func (r *Run) keepTrajectories(t *Trajectories, key string) error {
	cost, err := json.Marshal(t.Cost)
	path := r.trajectoriesPath(key, t)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o777)
	}
	if err == nil {
		meta := map[string]string{"field": t.Field, "solver": t.Solver, "cost": string(cost), "seed": strconv.FormatUint(t.Seed, 10), "first": strconv.Itoa(t.First),
			"trained_steps": strconv.Itoa(r.step), "backend": r.info.String(), "key": key}
		err = checkpoint.Write(path, []checkpoint.Tensor{checkpoint.New("x", t.X, t.Members, t.Starts, t.Frames, t.Dim)}, meta)
	}
	return notKept(r.exp.Name, "trajectories are", err)
}

// keptTrajectories reads what keepTrajectories wrote; it is false where there is nothing, or nothing whole, which is then drawn again.
func (r *Run) keptTrajectories(key string, t *Trajectories) bool {
	if key == "" {
		return false
	}
	read, meta, err := checkpoint.Read(r.trajectoriesPath(key, t))
	if err != nil || len(read) != 1 || meta["key"] != key {
		return false
	}
	var cost solver.Cost
	x, err := checkpoint.Values[float32](read[0])
	if err != nil || len(x) != t.Members*t.Starts*t.Frames*t.Dim || json.Unmarshal([]byte(meta["cost"]), &cost) != nil {
		return false
	}
	t.X, t.Cost = x, cost
	return true
}
