using System.Globalization;

namespace PlaceOrders;

/// <summary>A bar on standard error: redrawn in place on a terminal, otherwise a line for each tenth.</summary>
internal sealed class ProgressBar(string what, long total)
{
    private const int Width = 30;
    private const int Steps = 10;
    private int _shownStep = -1;
    private bool _isOpen;

    public void Show(long done)
    {
        var share = total == 0 ? 1 : Math.Clamp((double)done / total, 0, 1);
        var text = string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {total:N0} {what}");
        if (!Console.IsErrorRedirected)
        {
            var filled = (int)(share * Width);
            Console.Error.Write($"\r[{new string('#', filled)}{new string('.', Width - filled)}] {text}   ");
            _isOpen = true;
        }
        else if ((int)(share * Steps) is var step && step > _shownStep)
        {
            _shownStep = step;
            Console.Error.WriteLine(text);
        }
    }

    /// <summary>Ends the line.</summary>
    public void Close()
    {
        if (_isOpen)
        {
            Console.Error.WriteLine();
            _isOpen = false;
        }
    }
}
