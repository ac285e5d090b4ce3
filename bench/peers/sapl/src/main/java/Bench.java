// Bench - SAPL in-process: a deny policy a guard, from memory, permit unless one denies
//
// Usage: Bench POLICIES INPUT ROUNDS. POLICIES: a line a policy; INPUT: a line of JSON a request. Prints one object.
// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sapl.api.pdp.AuthorizationSubscription;
import io.sapl.api.pdp.Decision;
import io.sapl.interpreter.combinators.PolicyDocumentCombiningAlgorithm;
import io.sapl.pdp.PolicyDecisionPointFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;

class Bench {
    public static void main(String[] arguments) throws Exception {
        var pdp = PolicyDecisionPointFactory.fixedInRamPolicyDecisionPoint(Files.readAllLines(Path.of(arguments[0])),
                PolicyDocumentCombiningAlgorithm.PERMIT_UNLESS_DENY, Map.of());
        var json = new ObjectMapper();
        var requests = new ArrayList<AuthorizationSubscription>();
        for (var line : Files.readAllLines(Path.of(arguments[1]))) {
            var input = json.readTree(line);
            requests.add(AuthorizationSubscription.of(input.get("actor"), input.get("operation"), input.get("target"),
                    Map.of("vfCount", input.get("vfCount"))));
        }
        int rounds = Integer.parseInt(arguments[2]);
        var times = new double[rounds * requests.size()];
        int denied = 0;
        for (int round = -rounds; round < rounds; round++) { // as many before, for the compiler
            for (int i = 0; i < requests.size(); i++) {
                long begin = System.nanoTime();
                var decision = pdp.decideOnce(requests.get(i)).block();
                long took = System.nanoTime() - begin;
                if (round < 0)
                    continue;
                times[round * requests.size() + i] = took;
                denied += decision.getDecision() == Decision.DENY ? 1 : 0;
            }
        }
        Arrays.sort(times);
        System.out.printf("{\"p50\": %.0f, \"p99\": %.0f, \"p99.9\": %.0f, \"max\": %.0f, \"denied\": %.6f}%n",
                at(times, .5), at(times, .99), at(times, .999), times[times.length - 1], (double) denied / times.length);
        System.exit(0);
    }

    static double at(double[] times, double share) {
        return times[(int) (share * times.length)];
    }
}
