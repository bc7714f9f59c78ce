using System.Xml.Linq;

namespace Servers.Testing;

/// <summary>A test that did not pass. It is told again at the end of a run: a log of hundreds of tests is often cut.</summary>
internal sealed record FailedTest(string Name, string Message, string StackTrace)
{
    private const int MostLines = 12;
    private const int MostCharacters = 1_500;

    /// <summary>From a <c>UnitTestResult</c> of a result file.</summary>
    public static FailedTest Of(XElement result) => new(
        result.Attribute("testName")?.Value ?? "a test without a name", TextOf(result, "Message"), TextOf(result, "StackTrace"));

    /// <summary>The name, what the test said and where, shortened.</summary>
    public override string ToString() => string.Join('\n', Lines().Prepend($"Failed {Name}"));

    private static string TextOf(XElement result, string part) =>
        result.Descendants(result.Name.Namespace + part).FirstOrDefault()?.Value.Trim() ?? "";

    private IEnumerable<string> Lines() => new[] { Message, StackTrace }
        .Select(text => text.Length > MostCharacters ? text[..MostCharacters] + " ..." : text)
        .SelectMany(text => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(MostLines))
        .Select(line => "    " + line);
}
