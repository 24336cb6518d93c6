-- For pandoc: what the code host and the site know about Markdown, and an e-book has to be told.
-- Callouts lose their mark; links to chapters lead to the chapter's heading in the one long text,
-- links to code become the name of the file, for the reader of an e-book has no code beside it. A
-- picture's caption, the paragraph in italics below it, has the number that the site gives it. A
-- chapter has its number, which the text calls it by. A long line of code goes on below, further in.
-- No line ends with the dot of `. tools/shell.sh`.

local files = {}  -- from a chapter's file to the heading it begins with

local function plain(inlines)
  return (pandoc.utils.stringify(inlines):lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

local function first_heading(name)
  if files[name] == nil then
    local file = io.open(name)
    local title = file and file:read("a"):match("\n# ([^\n]+)")
    if file then file:close() end
    files[name] = title and plain(title) or false
  end
  return files[name]
end

local numbers = {}  -- from the heading that a chapter begins with to its number

for name in io.popen("ls [0-9][0-9]-*.md appendix-?-*.md"):lines() do
  local mark = name:match("^0?(%d+)-") or name:match("^appendix%-(%a)"):upper()
  numbers[first_heading(name)] = mark
end

local part = ""  -- the chapter's number, and how many figures it has had
local figures = 0

local function number_of(header)
  part, figures = "", 0
  local mark = numbers[header.identifier]
  if not mark then return nil end
  part = mark .. "."
  header.content:insert(1, pandoc.Space())
  header.content:insert(1, pandoc.Str(mark))
  return header
end

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local plain_text = { console = true, text = true }

-- Each line is an element, as pandoc has it where it gives colours, so that its style can move what
-- is left of a long one further in.
local function with_lines(code)
  if not plain_text[code.classes[1]] then return nil end
  local lines = {}
  for line in (code.text .. "\n"):gmatch("(.-)\n") do
    table.insert(lines, '<span class="line">' .. escaped(line) .. "</span>")
  end
  local html = "<pre><code>" .. table.concat(lines, "\n") .. "</code></pre>"
  return pandoc.RawBlock("html", html)
end

local function BlockQuote(quote)
  local first = quote.content[1]
  local mark = first and first.t == "Para" and first.content[1]
  if mark and mark.t == "Str" and mark.text:match("^%[!%u+%]$") then
    first.content:remove(1)
    if first.content[1] and first.content[1].t:match("Break$") then first.content:remove(1) end
  end
  return quote
end

local awaits_caption = false

local function with_number(para)
  local only = #para.content == 1 and para.content[1]
  if only and only.t == "Image" then
    figures = figures + 1
    awaits_caption = true
  elseif only and only.t == "Emph" and awaits_caption then
    awaits_caption = false
    local number = pandoc.Str("Figure " .. part .. figures)
    return pandoc.Para({ pandoc.Strong({ number }), pandoc.Space(), only })
  else
    awaits_caption = false
  end
end

local function Link(link)
  if link.target:match("^%a+:") or link.target:match("^#") then return nil end
  local name = link.target:match("^([%w-]+%.md)")
  local heading = name and first_heading(name)
  if not heading then return link.content end
  link.target = "#" .. heading
  return link
end

local function Code(code)
  if #code.text <= 24 and code.text:match("^%S %S") then code.classes:insert("whole") end
  return code
end

-- In the order of the text, for the numbers; what a block is made of comes after that.
local function in_order(document)
  return document:walk({
    traverse = "topdown",
    Header = function(header) if header.level == 1 then return number_of(header) end end,
    Para = with_number,
  })
end

return { { Pandoc = in_order }, { BlockQuote = BlockQuote, Link = Link, CodeBlock = with_lines, Code = Code } }
