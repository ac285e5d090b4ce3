// main - OPA in-process: the guards as data, one rule over them, a query that is prepared once
//
// Usage: opa-bench POLICY DATA INPUT ROUNDS. INPUT: a line of JSON for each request. Prints one JSON object.
// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "opa-bench:", err)
		os.Exit(1)
	}
	return value
}

func readInputs(path string) (inputs []ast.Value) {
	file := must(os.Open(path))
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var input any
		must(0, json.Unmarshal(lines.Bytes(), &input))
		inputs = append(inputs, must(ast.InterfaceToValue(input)))
	}
	return inputs
}

func main() {
	var data map[string]any
	must(0, json.Unmarshal(must(os.ReadFile(os.Args[2])), &data))
	store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))
	module := rego.Module("guard.rego", string(must(os.ReadFile(os.Args[1]))))
	query := must(rego.New(rego.Query("data.guard.allow"), module, rego.Store(store)).PrepareForEval(context.Background()))
	inputs, rounds := readInputs(os.Args[3]), must(strconv.Atoi(os.Args[4]))
	times := make([]float64, 0, rounds*len(inputs))
	denied := 0
	for round := -1; round < rounds; round++ {
		for _, input := range inputs {
			begin := time.Now()
			result := must(query.Eval(context.Background(), rego.EvalParsedInput(input)))
			if round >= 0 {
				times = append(times, float64(time.Since(begin).Nanoseconds()))
				if !result.Allowed() {
					denied++
				}
			}
		}
	}
	sort.Float64s(times)
	at := func(share float64) float64 { return times[min(int(share*float64(len(times))), len(times)-1)] }
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"p50": at(.5), "p99": at(.99), "p99.9": at(.999), "max": at(1), "denied": float64(denied) / float64(len(times))}))
}
