using System.Globalization;
using System.Text;

namespace OrderService.Http;

/// <summary>Text that a person can see: no control, formatting, private or unassigned characters.</summary>
internal static class PrintableText
{
    /// <summary>A text of <paramref name="shortest"/> to <paramref name="longest"/> characters (Unicode code points) that is
    /// not blank.</summary>
    public static Bound<string> Bound(int shortest, int longest) => new(
        $"a text of {shortest} to {longest} printable characters, not blank",
        text => IsPrintable(text, shortest, longest));

    private static bool IsPrintable(string text, int shortest, int longest)
    {
        var characters = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (++characters > longest || !IsPrintable(rune))
            {
                return false;
            }
        }

        return characters >= shortest && !string.IsNullOrWhiteSpace(text);
    }

    // EnumerateRunes gives U+FFFD for half a surrogate pair, and so does a client that lost a character.
    private static bool IsPrintable(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
