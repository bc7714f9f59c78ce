using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>What the template engine makes of the conditions in a file when no switch is set.</summary>
internal static partial class Conditionals
{
    public static string WithoutSwitches(string text)
    {
        var kept = new List<string>();
        bool? open = null;
        foreach (var line in text.Split('\n'))
        {
            var directive = Directive().Match(line);
            if (!directive.Success)
            {
                if (open ?? true)
                {
                    kept.Add(line);
                }
            }
            else
            {
                open = directive.Groups["word"].Value switch
                {
                    "if" => directive.Groups["condition"].Value.StartsWith('!'),
                    "else" => !open,
                    _ => null,
                };
            }
        }

        return string.Join('\n', kept);
    }

    [GeneratedRegex(@"^\s*(<!--)?#(?<word>if|else|endif)( \((?<condition>!?\w+)\))?( -->)?$")]
    private static partial Regex Directive();
}
