// Engine - answers guard requests in the XACML engine that ONAP's PDP is made of, with information points that do what ONAP's do
// SPDX-License-Identifier: Apache-2.0

import com.att.research.xacml.api.Attribute;
import com.att.research.xacml.api.AttributeValue;
import com.att.research.xacml.api.Identifier;
import com.att.research.xacml.api.Result;
import com.att.research.xacml.api.XACML3;
import com.att.research.xacml.api.pdp.PDPEngine;
import com.att.research.xacml.api.pdp.PDPEngineFactory;
import com.att.research.xacml.api.pip.PIPException;
import com.att.research.xacml.api.pip.PIPFinder;
import com.att.research.xacml.api.pip.PIPRequest;
import com.att.research.xacml.api.pip.PIPResponse;
import com.att.research.xacml.std.IdentifierImpl;
import com.att.research.xacml.std.StdAttributeValue;
import com.att.research.xacml.std.StdMutableAttribute;
import com.att.research.xacml.std.StdMutableRequest;
import com.att.research.xacml.std.StdMutableRequestAttributes;
import com.att.research.xacml.std.datatypes.DataTypes;
import com.att.research.xacml.std.pip.StdMutablePIPResponse;
import com.att.research.xacml.std.pip.StdPIPRequest;
import com.att.research.xacml.std.pip.StdPIPResponse;
import com.att.research.xacml.std.pip.engines.StdConfigurableEngine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/*
 * Standard input, fields separated by tabs; an empty field is an attribute that is absent:
 *   SET path                                       the policy set that answers from here on
 *   NOW ms HH:MM:SS.mmmZ YYYY-MM-DDTHH:MM:SS.mmmZ   the time, of the information points and of the request; forgets all rows
 *   ROW actor operation target loop start end outcome
 *   ASK actor operation clname target vfCount vnf-id vserver-id
 * Standard output: for each ASK a line, Permit, Deny, NotApplicable or Indeterminate...
 *
 * The information points follow ONAP's as they are described, in resource and by issuer: rows counted are those that ended within
 * the window and are not Failure_Guard; an outcome is In_Progress when the loop's row with the latest start is Started.
 */
public final class Engine {
    static final Identifier RESOURCE = XACML3.ID_ATTRIBUTE_CATEGORY_RESOURCE;
    static final String GUARD = "urn:org:onap:guard:";
    static final String ISSUER = "urn:org:onap:xacml:guard:";
    static final String[] ASKED = {"actor:actor-id", "operation:operation-id", "clname:clname-id", "target:target-id",
        "target:vf-count", "target:generic-vnf.vnf-id", "target:vserver.vserver-id"};
    static final Map<String, Long> UNITS = Map.of("second", 1000L, "minute", 60000L, "hour", 3600000L, "day", 86400000L);

    static final List<String[]> rows = new ArrayList<>();
    static long now;

    /** What both information points share. */
    public abstract static class Point extends StdConfigurableEngine {
        final Identifier provides;

        Point(String attribute) {
            provides = new IdentifierImpl(GUARD + attribute);
        }

        @Override
        public Collection<PIPRequest> attributesRequired() {
            return Collections.emptyList();
        }

        @Override
        public Collection<PIPRequest> attributesProvided() {
            return Collections.emptyList();
        }

        @Override
        public void shutdown() {
            // nothing is open
        }

        abstract Attribute answer(String issuer, PIPFinder finder) throws PIPException;

        @Override
        public PIPResponse getAttributes(PIPRequest request, PIPFinder finder) throws PIPException {
            String issuer = request.getIssuer();
            if (issuer == null || !issuer.startsWith(ISSUER) || !request.getAttributeId().equals(provides)
                    || !request.getCategory().equals(RESOURCE)) {
                return StdPIPResponse.PIP_RESPONSE_EMPTY;
            }
            Attribute attribute = answer(issuer, finder);
            return attribute == null ? StdPIPResponse.PIP_RESPONSE_EMPTY
                : new StdPIPResponse(new StdMutablePIPResponse(attribute));
        }

        String ask(PIPFinder finder, String attribute) throws PIPException {
            PIPRequest request = new StdPIPRequest(RESOURCE, new IdentifierImpl(GUARD + attribute), XACML3.ID_DATATYPE_STRING);
            for (Attribute found : finder.getMatchingAttributes(request, this).getAttributes()) {
                for (AttributeValue<?> value : found.getValues()) {
                    return value.getValue().toString();
                }
            }
            return null;
        }
    }

    public static final class Count extends Point {
        public Count() {
            super("operation:operation-count");
        }

        @Override
        Attribute answer(String issuer, PIPFinder finder) throws PIPException {
            String[] window = issuer.split("tw:")[1].split(":");
            int length = Integer.parseInt(window[0]);
            String[] asked = {ask(finder, ASKED[0]), ask(finder, ASKED[1]), ask(finder, ASKED[3])};
            if (Arrays.asList(asked).contains(null)) {
                return null;
            }
            long count = UNITS.containsKey(window[1]) ? 0 : -1;
            for (String[] row : rows) {
                if (count >= 0 && row[0].equals(asked[0]) && row[1].equals(asked[1]) && row[2].equals(asked[2])
                        && !row[5].isEmpty() && !row[6].equals("Failure_Guard") && Long.parseLong(row[5]) <= now
                        && Long.parseLong(row[5]) >= now - length * UNITS.get(window[1])) {
                    count++;
                }
            }
            return new StdMutableAttribute(RESOURCE, provides, new StdAttributeValue<>(XACML3.ID_DATATYPE_INTEGER,
                BigInteger.valueOf(count)), issuer, false);
        }
    }

    public static final class Outcome extends Point {
        public Outcome() {
            super("operation:operation-outcome");
        }

        @Override
        Attribute answer(String issuer, PIPFinder finder) {
            String loop = issuer.split("clname:")[1];
            String[] latest = null;
            for (String[] row : rows) {
                if (row[3].equals(loop) && (latest == null || Long.parseLong(row[4]) > Long.parseLong(latest[4]))) {
                    latest = row;
                }
            }
            if (latest == null) {
                return null;
            }
            return new StdMutableAttribute(RESOURCE, provides, new StdAttributeValue<>(XACML3.ID_DATATYPE_STRING,
                latest[6].equalsIgnoreCase("Started") ? "In_Progress" : "Complete"), issuer, false);
        }
    }

    static PDPEngine open(String path) throws Exception {
        Properties p = new Properties();
        p.setProperty("xacml.dataTypeFactory", "com.att.research.xacml.std.StdDataTypeFactory");
        p.setProperty("xacml.pdpEngineFactory", "com.att.research.xacmlatt.pdp.ATTPDPEngineFactory");
        p.setProperty("xacml.pipFinderFactory", "com.att.research.xacml.std.pip.StdPIPFinderFactory");
        p.setProperty("xacml.traceEngineFactory", "com.att.research.xacml.std.trace.NullTraceEngineFactory");
        p.setProperty("xacml.att.evaluationContextFactory", "com.att.research.xacmlatt.pdp.std.StdEvaluationContextFactory");
        p.setProperty("xacml.att.combiningAlgorithmFactory", "com.att.research.xacmlatt.pdp.std.StdCombiningAlgorithmFactory");
        p.setProperty("xacml.att.functionDefinitionFactory", "com.att.research.xacmlatt.pdp.std.StdFunctionDefinitionFactory");
        p.setProperty("xacml.att.policyFinderFactory", "com.att.research.xacmlatt.pdp.std.StdPolicyFinderFactory");
        p.setProperty("xacml.rootPolicies", "set");
        p.setProperty("set.file", path);
        p.setProperty("xacml.pip.engines", "count,outcome");
        p.setProperty("count.classname", "Engine$Count");
        p.setProperty("outcome.classname", "Engine$Outcome");
        return PDPEngineFactory.newInstance("com.att.research.xacmlatt.pdp.ATTPDPEngineFactory").newEngine(p);
    }

    static void add(StdMutableRequestAttributes to, Identifier category, String id, Object value, Identifier type) {
        to.add(new StdMutableAttribute(category, new IdentifierImpl(id), new StdAttributeValue<>(type, value)));
    }

    static String decide(PDPEngine engine, String[] asked, String[] time) throws Exception {
        StdMutableRequest request = new StdMutableRequest();
        StdMutableRequestAttributes resource = new StdMutableRequestAttributes();
        StdMutableRequestAttributes environment = new StdMutableRequestAttributes();
        Identifier category = XACML3.ID_ATTRIBUTE_CATEGORY_ENVIRONMENT;
        resource.setCategory(RESOURCE);
        environment.setCategory(category);
        for (int i = 0; i < ASKED.length; i++) {
            if (asked[i + 1].isEmpty()) {
                continue;
            }
            boolean number = ASKED[i].endsWith("vf-count");
            add(resource, RESOURCE, GUARD + ASKED[i], number ? new BigInteger(asked[i + 1]) : asked[i + 1],
                number ? XACML3.ID_DATATYPE_INTEGER : XACML3.ID_DATATYPE_STRING);
        }
        add(environment, category, XACML3.ID_ENVIRONMENT_CURRENT_TIME.stringValue(), DataTypes.DT_TIME.convert(time[2]),
            XACML3.ID_DATATYPE_TIME);
        add(environment, category, XACML3.ID_ENVIRONMENT_CURRENT_DATETIME.stringValue(),
            DataTypes.DT_DATETIME.convert(time[3]), XACML3.ID_DATATYPE_DATETIME);
        request.add(resource);
        request.add(environment);
        for (Result result : engine.decide(request).getResults()) {
            return result.getDecision().toString();
        }
        return "nothing";
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PDPEngine engine = null;
        String[] time = null;
        for (String line; (line = in.readLine()) != null;) {
            String[] field = line.split("\t", -1);
            if (field[0].equals("SET")) {
                engine = open(field[1]);
            } else if (field[0].equals("NOW")) {
                time = field;
                now = Long.parseLong(field[1]);
                rows.clear();
            } else if (field[0].equals("ROW")) {
                rows.add(Arrays.copyOfRange(field, 1, field.length));
            } else {
                System.out.println(decide(engine, field, time));
            }
        }
    }
}
