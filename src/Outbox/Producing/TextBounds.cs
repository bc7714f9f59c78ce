using System.Text;
using Messaging;

namespace Outbox;

/// <summary>Checks texts when a message is added: what PostgreSQL or AMQP would refuse would otherwise be refused only when
/// the transaction saves, or by the relay, long after the caller has gone.</summary>
internal static class TextBounds
{
    /// <exception cref="ArgumentException">The text is empty, too long, or nothing that UTF-8 text in PostgreSQL can hold.</exception>
    public static string ShortString(string value, string name)
    {
        if (value.Length == 0 || !WireBounds.IsShortString(value))
        {
            throw new ArgumentException(
                $"{name} has {WireBounds.Utf8Length(value)} UTF-8 bytes; it must have 1 to {WireBounds.MaxShortStringBytes}.", name);
        }

        return Unfit(value) is { } unfit ? throw new ArgumentException($"{name} {unfit}.", name) : value;
    }

    /// <summary>Why PostgreSQL cannot store the text, whatever its length; null if it can.</summary>
    public static string? Unfit(string text) =>
        text.Contains('\0') ? "contains U+0000"
        : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) != text ? "contains half of a surrogate pair"
        : null;
}
